/* A shared object that is no delegate; for the test. */

int sotto_no_delegate(void);

int sotto_no_delegate(void) { return 1; }
