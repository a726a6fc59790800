SELECT 1 AS
delimiter ;
SELECT 2;
