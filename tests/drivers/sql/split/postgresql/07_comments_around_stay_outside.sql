-- before
SELECT 1 -- after 1
/* gap */ ; /* gap */ SELECT /* inside */ 2 /* after 2 */; -- end