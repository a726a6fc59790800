SELECT 1;
.tables
