-- nothing
/* here; */