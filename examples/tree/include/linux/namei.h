#ifndef _LINUX_NAMEI_H
#define _LINUX_NAMEI_H

#define LOOKUP_RCU 0x0100

#endif
