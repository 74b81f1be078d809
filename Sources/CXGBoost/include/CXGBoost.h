// The functions of XGBoost's C API (3.2) that Forge calls; the wheel carries the library without its header.
// All return 0, or -1 with the reason in XGBGetLastError() of the same thread. Results belong to the handle they came
// from and live until its next call.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t bst_ulong;
typedef void *DMatrixHandle;
typedef void *BoosterHandle;
typedef void *DataIterHandle;

typedef void DataIterResetCallback(DataIterHandle handle);
// 1 = the proxy holds the next batch, 0 = there is none.
typedef int XGDMatrixCallbackNext(DataIterHandle handle);

const char *XGBGetLastError(void);
void XGBoostVersion(int *major, int *minor, int *patch);
int XGBSetGlobalConfig(const char *config);

int XGProxyDMatrixCreate(DMatrixHandle *out);
// data: JSON array of array interfaces, one per column.
int XGProxyDMatrixSetDataColumnar(DMatrixHandle handle, const char *data);
int XGQuantileDMatrixCreateFromCallback(DataIterHandle iterator, DMatrixHandle proxy, DataIterHandle reference,
                                        DataIterResetCallback *reset, XGDMatrixCallbackNext *next,
                                        const char *config, DMatrixHandle *out);
int XGDMatrixSetInfoFromInterface(DMatrixHandle handle, const char *field, const char *data);
int XGDMatrixSetStrFeatureInfo(DMatrixHandle handle, const char *field, const char **features, bst_ulong size);
int XGDMatrixNumRow(DMatrixHandle handle, bst_ulong *out);
int XGDMatrixFree(DMatrixHandle handle);

int XGBoosterCreate(const DMatrixHandle matrices[], bst_ulong length, BoosterHandle *out);
int XGBoosterFree(BoosterHandle handle);
int XGBoosterSetParam(BoosterHandle handle, const char *name, const char *value);
int XGBoosterUpdateOneIter(BoosterHandle handle, int iteration, DMatrixHandle training);
int XGBoosterEvalOneIter(BoosterHandle handle, int iteration, DMatrixHandle matrices[], const char *names[],
                         bst_ulong length, const char **out);
int XGBoosterSaveModelToBuffer(BoosterHandle handle, const char *config, bst_ulong *length, const char **out);
int XGBoosterPredictFromDMatrix(BoosterHandle handle, DMatrixHandle matrix, const char *config,
                                const bst_ulong **shape, bst_ulong *dimensions, const float **out);
// values: JSON array of array interfaces; proxy: a proxy DMatrix that carries the feature types.
int XGBoosterPredictFromColumnar(BoosterHandle handle, const char *values, const char *config, DMatrixHandle proxy,
                                 const bst_ulong **shape, bst_ulong *dimensions, const float **out);

#ifdef __cplusplus
}
#endif
