// Reading an artifact: the bytes come from a table and are taken for hostile. Checksum first, on this side; then
// Swift's decoder, which is total: it refuses every byte it does not understand (docs/safety.md, R13).
#include "artifact.h"

#include "access/detoast.h"
#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "lookup.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

typedef struct ForgeChunk
{
	int			number;
	bytea	   *bytes;
} ForgeChunk;

typedef struct ForgeArtifact
{
	int			chunks;
	int			capacity;
	ForgeChunk *chunk;
	Size		length;
} ForgeArtifact;

static void
forge_artifact_corrupt(const ForgeVersion *version, const char *why)
{
	ereport(ERROR,
			(errcode(FORGE_CORRUPT_ARTIFACT),
			 errmsg("the stored artifact of version %d of model \"%s\" is corrupt", version->version, version->model),
			 errdetail("%s", why),
			 errhint("Promote another version, restore the table forge.model_artifacts, or train the model again.")));
}

static void
forge_artifact_check_size(const ForgeVersion *version, Size length)
{
	if (length > (Size) forge_max_model_mb * 1024 * 1024)
		ereport(ERROR,
				(errcode(FORGE_TOO_LARGE),
				 errmsg("version %d of model \"%s\" needs more than %d MB", version->version, version->model, forge_max_model_mb),
				 errhint("Raise forge.max_model_mb, or train a smaller model.")));
}

static void
forge_artifact_append(ForgeArtifact *artifact, int number, bytea *bytes)
{
	if (artifact->chunks == artifact->capacity)
	{
		artifact->capacity = artifact->capacity ? artifact->capacity * 2 : 4;
		artifact->chunk = artifact->chunk
			? repalloc(artifact->chunk, sizeof(ForgeChunk) * artifact->capacity)
			: palloc(sizeof(ForgeChunk) * artifact->capacity);
	}
	artifact->chunk[artifact->chunks++] = (ForgeChunk) {number, bytes};
	artifact->length += VARSIZE_ANY_EXHDR(bytes);
}

static int
forge_chunk_compare(const void *a, const void *b)
{
	return ((const ForgeChunk *) a)->number - ((const ForgeChunk *) b)->number;
}

static void
forge_artifact_fetch(const ForgeVersion *version, ForgeArtifact *artifact)
{
	ForgeKey	key[] = {
		{"model", TEXTOID, CStringGetTextDatum(version->model)},
		{"version", INT4OID, Int32GetDatum(version->version)},
	};
	ForgeScan	scan;
	HeapTuple	row;

	forge_scan_begin(&scan, "model_artifacts", 2, key, NULL);
	while (HeapTupleIsValid(row = forge_scan_next(&scan)))
	{
		bool		number_null,
					bytes_null;
		int			number = DatumGetInt32(forge_scan_column(&scan, row, "chunk", INT4OID, &number_null));
		Datum		bytes = forge_scan_column(&scan, row, "bytes", BYTEAOID, &bytes_null);

		if (number_null || bytes_null)
			forge_artifact_corrupt(version, "A chunk is NULL.");
		forge_artifact_check_size(version, artifact->length + toast_raw_datum_size(bytes));
		forge_artifact_append(artifact, number, DatumGetByteaPCopy(bytes));
		CHECK_FOR_INTERRUPTS();
	}
	forge_scan_end(&scan);
	qsort(artifact->chunk, artifact->chunks, sizeof(ForgeChunk), forge_chunk_compare);
}

// The chunks as one piece of memory.
static uint8 *
forge_artifact_join(const ForgeArtifact *artifact)
{
	uint8	   *bytes = forge_allocate(CurrentMemoryContext, artifact->length, "a model's artifact");
	Size		end = 0;

	for (int i = 0; i < artifact->chunks; i++)
	{
		Size		length = VARSIZE_ANY_EXHDR(artifact->chunk[i].bytes);

		memcpy(bytes + end, VARDATA_ANY(artifact->chunk[i].bytes), length);
		end += length;
	}
	return bytes;
}

static void
forge_artifact_check_hash(const ForgeVersion *version, const uint8 *bytes, Size length)
{
	uint8		sha256[PG_SHA256_DIGEST_LENGTH];
	pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);
	bool		done = hash && pg_cryptohash_init(hash) == 0 && pg_cryptohash_update(hash, bytes, length) == 0
		&& pg_cryptohash_final(hash, sha256, sizeof sha256) == 0;

	pg_cryptohash_free(hash);
	if (!done)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("could not compute the SHA-256 of an artifact")));
	if (memcmp(sha256, version->sha256, sizeof sha256) != 0)
		forge_artifact_corrupt(version, "Its SHA-256 is not the one that was registered.");
}

void *
forge_artifact_decode(const ForgeVersion *version, MemoryContext context, Size *arena_length)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "forge artifact", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);
	ForgeArtifact artifact = {0};
	ForgeStatus *status = palloc0(sizeof *status);
	uint8	   *bytes;
	int64		needed;
	void	   *arena;

	forge_artifact_fetch(version, &artifact);
	if (artifact.chunks == 0)
		forge_artifact_corrupt(version, "It has no chunks.");
	bytes = forge_artifact_join(&artifact);
	forge_artifact_check_hash(version, bytes, artifact.length);

	needed = forge_model_measure(bytes, artifact.length, status);
	if (needed < 0)
		forge_status_raise(status);
	forge_artifact_check_size(version, needed);
	// The arena wants 16-byte alignment, palloc gives 8.
	arena = (void *) TYPEALIGN(16, forge_allocate(context, (Size) needed + 16, "a model"));
	if (forge_model_decode(bytes, artifact.length, arena, needed, status) != 0)
		forge_status_raise(status);

	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
	*arena_length = needed;
	return arena;
}
