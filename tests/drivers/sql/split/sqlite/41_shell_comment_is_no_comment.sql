SELECT 1;
# not one
SELECT 2