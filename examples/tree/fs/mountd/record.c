/* Life and death of the records. */
#include <linux/slab.h>
#include "mountd.h"

void mountd_record_free(struct mountd_record *record)
{
	kfree(record);
}
