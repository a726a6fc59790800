.read 'it
