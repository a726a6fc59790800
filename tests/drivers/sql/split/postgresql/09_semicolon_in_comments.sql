SELECT 1 -- a; b
, 2 /* c; d */ ; SELECT 3