/* What the two halves of the guest's PID 1 share. */
#ifndef GUEST_H
#define GUEST_H

void say(const char *s);			/* to the console */
int put(const char *path, const char *value);	/* write a value into a file of the kernel; < 0 if it refused */
void nap(int ms);
void workload(void);

#endif
