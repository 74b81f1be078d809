#include <cblas.h>
#include <stdint.h>

// The LAPACK routines (Fortran, 32-bit integers, column-major) that Forge calls. Debian's libopenblas carries them;
// its header package does not declare them. Hidden trailing lengths of the character arguments are passed as gfortran
// does.
void dpotrf_(const char *uplo, const int32_t *n, double *a, const int32_t *lda, int32_t *info, size_t uplo_length);
void dpotrs_(const char *uplo, const int32_t *n, const int32_t *nrhs, const double *a, const int32_t *lda, double *b,
             const int32_t *ldb, int32_t *info, size_t uplo_length);
void dpocon_(const char *uplo, const int32_t *n, const double *a, const int32_t *lda, const double *anorm, double *rcond,
             double *work, int32_t *iwork, int32_t *info, size_t uplo_length);
void dpstrf_(const char *uplo, const int32_t *n, double *a, const int32_t *lda, int32_t *piv, int32_t *rank, const double *tol,
             double *work, int32_t *info, size_t uplo_length);
void dsyevd_(const char *jobz, const char *uplo, const int32_t *n, double *a, const int32_t *lda, double *w, double *work,
             const int32_t *lwork, int32_t *iwork, const int32_t *liwork, int32_t *info, size_t jobz_length,
             size_t uplo_length);
void dgeqrf_(const int32_t *m, const int32_t *n, double *a, const int32_t *lda, double *tau, double *work,
             const int32_t *lwork, int32_t *info);
void dgelsd_(const int32_t *m, const int32_t *n, const int32_t *nrhs, double *a, const int32_t *lda, double *b,
             const int32_t *ldb, double *s, const double *rcond, int32_t *rank, double *work, const int32_t *lwork,
             int32_t *iwork, int32_t *info);
