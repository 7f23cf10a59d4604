/* The version of the program, as the build knows it: "0.1.0". */
#ifndef MMUSIM_SIM_VERSION_H
#define MMUSIM_SIM_VERSION_H

#ifdef __cplusplus
extern "C" {
#endif

const char *mmusim_version(void);

#ifdef __cplusplus
}
#endif
#endif
