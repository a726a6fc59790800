-- before
SELECT 1 -- after
; /* gap */ SELECT /* inside; */ 2 /* after */; -- end