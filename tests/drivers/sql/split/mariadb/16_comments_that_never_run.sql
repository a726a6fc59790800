/*M!999999\- enable the sandbox mode */
SELECT 1 /*!999999 ; ' */; SELECT 2 /*!50700 ; /* " */ ; */; SELECT 3 /*!80000 ` */; /*!50717 SELECT 4; */; SELECT 5
