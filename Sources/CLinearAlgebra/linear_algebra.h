// BLAS and LAPACK as the system provides them (OpenBLAS, LAPACKE).
#include <cblas.h>
#include <lapacke.h>
