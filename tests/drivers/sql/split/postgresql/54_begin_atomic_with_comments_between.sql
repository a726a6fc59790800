create /* a */ or -- b;
 replace function f() returns int begin /* c */ atomic -- d;
 select 1; /* ; */ end /* e */ ; select 2