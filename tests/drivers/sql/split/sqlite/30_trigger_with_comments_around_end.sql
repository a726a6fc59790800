CREATE /* a; */ TRIGGER t -- b;
AFTER INSERT ON a BEGIN SELECT 1 /* c */; /* d; */ END -- e;
; SELECT 2