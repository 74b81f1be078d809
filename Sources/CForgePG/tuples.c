// The executor's own way – every attribute into an array of datums, then a projection – costs several times what the
// bytes do. Here one pass over a stored tuple converts the wanted attributes and steps over the others.
#include "tuples.h"

#include "access/htup_details.h"
#include "access/tupmacs.h"
#include "row_key.h"

#define FORGE_UNWANTED (-1)
#define FORGE_ID (-2)
#define FORGE_LAYOUTS 8			// the partitions of a merge come row by row in turn
#define FORGE_EXPONENT UINT64CONST(0x7FF0000000000000)

typedef struct ForgeAttribute
{
	int			column;			// of the block, or FORGE_UNWANTED, FORGE_ID
	int			length;			// as attlen
	int			alignment;		// in bytes
	bool		by_value;
	int			offset;			// in a tuple without NULLs; -1 behind a value of varying length
} ForgeAttribute;

// A float8 whose place is known.
typedef struct ForgeFloat
{
	int			offset;
	int			column;
	double	   *out;			// the column's first row
} ForgeFloat;

// Where the tuples of one descriptor hold what is wanted.
typedef struct ForgeTupleLayout
{
	TupleDesc	descriptor;
	int			attributes;		// up to the last that is wanted
	ForgeAttribute *attribute;
	int			fixed;			// attributes before the first of varying length
	int			floats;
	ForgeFloat *floating;
	int			others;
	int		   *other;			// fixed attributes that are wanted and no float8
	const bytea *bytes;			// the block's bytes that the floats' `out` points into
} ForgeTupleLayout;

struct ForgeTupleReader
{
	MemoryContext context;
	int			layouts;
	ForgeTupleLayout layout[FORGE_LAYOUTS];
};

ForgeTupleReader *
forge_tuple_reader_create(MemoryContext context)
{
	ForgeTupleReader *reader = MemoryContextAllocZero(context, sizeof *reader);

	reader->context = context;
	return reader;
}

static int
forge_alignment(char align)
{
	return align == TYPALIGN_DOUBLE ? ALIGNOF_DOUBLE : align == TYPALIGN_INT ? ALIGNOF_INT
		: align == TYPALIGN_SHORT ? ALIGNOF_SHORT : 1;
}

static void
forge_layout_attributes(ForgeTupleLayout *layout, const ForgeBlock *block)
{
	TupleDesc	descriptor = layout->descriptor;
	int			offset = 0;

	layout->fixed = descriptor->natts;
	for (int i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
		ForgeAttribute *mine = &layout->attribute[i];

		*mine = (ForgeAttribute) {FORGE_UNWANTED, attribute->attlen, forge_alignment(attribute->attalign), attribute->attbyval, -1};
		if (offset >= 0 && attribute->attlen > 0)
		{
			mine->offset = TYPEALIGN(mine->alignment, offset);
			offset = mine->offset + attribute->attlen;
		}
		else if (offset >= 0)
		{
			layout->fixed = i;
			offset = -1;
		}
	}
	for (int i = 0; i < block->columns + block->has_id; i++)
	{
		int			at = block->attribute[i] - 1;

		layout->attribute[at].column = i < block->columns ? i : FORGE_ID;
		layout->attributes = Max(layout->attributes, at + 1);
	}
	layout->fixed = Min(layout->fixed, layout->attributes);
}

// Of the attributes of known place, float8s are kept apart: for them no conversion need be looked up.
static void
forge_layout_part(ForgeTupleLayout *layout, const ForgeBlock *block)
{
	for (int i = 0; i < layout->fixed; i++)
	{
		int			column = layout->attribute[i].column;

		if (column >= 0 && !block->column[column].is_group && block->column[column].converter.source == FORGE_FROM_FLOAT8)
			layout->floating[layout->floats++] = (ForgeFloat) {layout->attribute[i].offset, column, NULL};
		else if (column != FORGE_UNWANTED)
			layout->other[layout->others++] = i;
	}
}

static ForgeTupleLayout *
forge_layout_add(ForgeTupleReader *reader, const ForgeBlock *block, TupleDesc descriptor)
{
	ForgeTupleLayout *layout = &reader->layout[reader->layouts];
	int			count = Max(descriptor->natts, 1);

	layout->descriptor = descriptor;
	layout->attribute = MemoryContextAlloc(reader->context, sizeof(ForgeAttribute) * count);
	layout->floating = MemoryContextAlloc(reader->context, sizeof(ForgeFloat) * count);
	layout->other = MemoryContextAlloc(reader->context, sizeof(int) * count);
	forge_layout_attributes(layout, block);
	forge_layout_part(layout, block);
	reader->layouts++;
	return layout;
}

static inline ForgeTupleLayout *
forge_layout_find(ForgeTupleReader *reader, const ForgeBlock *block, TupleDesc descriptor)
{
	for (int i = 0; i < reader->layouts; i++)
		if (reader->layout[i].descriptor == descriptor)
			return &reader->layout[i];
	return reader->layouts < FORGE_LAYOUTS ? forge_layout_add(reader, block, descriptor) : NULL;
}

static void
forge_floats_place(ForgeTupleLayout *layout, const ForgeBlock *block)
{
	for (int i = 0; i < layout->floats; i++)
		layout->floating[i].out = block->column[layout->floating[i].column].numbers;
	layout->bytes = block->bytes;
}

static inline void
forge_attribute_add(const ForgeAttribute *attribute, ForgeBlock *block, const char *bytes, bool isnull)
{
	Datum		value = isnull ? (Datum) 0 : fetch_att(bytes, attribute->by_value, attribute->length);

	if (attribute->column >= 0)
		forge_block_add(block, &block->column[attribute->column], value, isnull);
	else if (attribute->column == FORGE_ID)
		block->keys[block->rows] = forge_id_key(block->id_type, value, isnull);
}

// From attribute `first`, which begins at `offset` or behind its padding.
static void
forge_tuple_walk(const ForgeTupleLayout *layout, ForgeBlock *block, HeapTupleHeader header, int first, Size offset)
{
	const char *start = (const char *) header + header->t_hoff;
	const bits8 *present = header->t_infomask & HEAP_HASNULL ? header->t_bits : NULL;
	int			stored = Min(HeapTupleHeaderGetNatts(header), layout->attributes);

	for (int i = first; i < stored; i++)
	{
		const ForgeAttribute *attribute = &layout->attribute[i];

		if (present && att_isnull(i, present))
		{
			forge_attribute_add(attribute, block, NULL, true);
			continue;
		}
		if (attribute->length != -1 || !VARATT_NOT_PAD_BYTE(start + offset))
			offset = TYPEALIGN(attribute->alignment, offset);
		forge_attribute_add(attribute, block, start + offset, false);
		offset = att_addlength_pointer(offset, attribute->length, start + offset);
	}
	// Attributes that the table got after this row was stored, without a default.
	for (int i = Max(stored, first); i < layout->attributes; i++)
		forge_attribute_add(&layout->attribute[i], block, NULL, true);
}

// The fixed attributes of a tuple that has them all; where the rest begins.
static Size
forge_tuple_read_fixed(ForgeTupleLayout *layout, ForgeBlock *block, const char *start)
{
	int			row = block->rows;
	bool		unusual = false;

	if (unlikely(layout->bytes != block->bytes))
		forge_floats_place(layout, block);
	for (int i = 0; i < layout->floats; i++)
	{
		uint64		bits;

		memcpy(&bits, start + layout->floating[i].offset, sizeof bits);
		memcpy(&layout->floating[i].out[row], &bits, sizeof bits);
		unusual |= (bits & FORGE_EXPONENT) == FORGE_EXPONENT;
	}
	// A NaN gets its one form, an infinity its error.
	if (unlikely(unusual))
		for (int i = 0; i < layout->floats; i++)
			forge_block_add(block, &block->column[layout->floating[i].column],
							fetch_att(start + layout->floating[i].offset, true, sizeof(double)), false);
	for (int i = 0; i < layout->others; i++)
	{
		const ForgeAttribute *attribute = &layout->attribute[layout->other[i]];

		forge_attribute_add(attribute, block, start + attribute->offset, false);
	}
	return layout->fixed == 0 ? 0 : layout->attribute[layout->fixed - 1].offset + layout->attribute[layout->fixed - 1].length;
}

static HeapTuple
forge_slot_tuple(TupleTableSlot *slot)
{
	if (TTS_IS_BUFFERTUPLE(slot) || TTS_IS_HEAPTUPLE(slot))
		return ((HeapTupleTableSlot *) slot)->tuple;
	if (TTS_IS_MINIMALTUPLE(slot))
		return ((MinimalTupleTableSlot *) slot)->tuple;
	return NULL;
}

bool
forge_tuple_read(ForgeTupleReader *reader, ForgeBlock *block, TupleTableSlot *slot)
{
	HeapTuple	tuple = forge_slot_tuple(slot);
	ForgeTupleLayout *layout = tuple ? forge_layout_find(reader, block, slot->tts_tupleDescriptor) : NULL;
	HeapTupleHeader header;
	Size		offset;

	if (layout == NULL)
		return false;
	header = tuple->t_data;
	if (header->t_infomask & HEAP_HASNULL || HeapTupleHeaderGetNatts(header) < layout->fixed)
	{
		forge_tuple_walk(layout, block, header, 0, 0);
		return true;
	}
	offset = forge_tuple_read_fixed(layout, block, (const char *) header + header->t_hoff);
	if (layout->fixed < layout->attributes)
		forge_tuple_walk(layout, block, header, layout->fixed, offset);
	return true;
}
