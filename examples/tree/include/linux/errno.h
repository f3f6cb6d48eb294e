#ifndef _LINUX_ERRNO_H
#define _LINUX_ERRNO_H

#define ENOENT 2
#define ECHILD 10
#define ENOMEM 12
#define ENOSPC 28

#endif
