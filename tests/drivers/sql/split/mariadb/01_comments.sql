SELECT 1; # a; b
SELECT 2 -- c; d
; SELECT 3 --1; SELECT /* /* ; */ 4