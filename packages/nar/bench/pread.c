/* The yardstick: pread in pieces into one reused buffer. Prints wall and CPU seconds. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
int main(int count, char **arguments) {
  if (count != 3) return 2;
  int fd = open(arguments[1], O_RDONLY);
  size_t piece = strtoul(arguments[2], 0, 10), at = 0;
  char *buffer = mmap(0, piece, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(buffer, 1, piece);
  struct timespec from, to, cpu_from, cpu_to;
  clock_gettime(CLOCK_MONOTONIC, &from);
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu_from);
  for (ssize_t n; (n = pread(fd, buffer, piece, at)) > 0;) at += n;
  clock_gettime(CLOCK_MONOTONIC, &to);
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu_to);
  printf("%.9f %.9f\n", (to.tv_sec - from.tv_sec) + (to.tv_nsec - from.tv_nsec) * 1e-9,
         (cpu_to.tv_sec - cpu_from.tv_sec) + (cpu_to.tv_nsec - cpu_from.tv_nsec) * 1e-9);
}
