/*
 * The process that holds a pod's namespaces: it waits, reaps what the pod's processes orphan, and ends when it is told to.
 * With -v it ends at once: kubeadm runs it so before an upgrade, to see whether the cluster runs pods.
 */
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void reap(int signal) {
  (void)signal;
  while (waitpid(-1, NULL, WNOHANG) > 0) {
  }
}

static void end(int signal) {
  (void)signal;
  _exit(0);
}

int main(int count, char **words) {
  if (count > 1 && strcmp(words[1], "-v") == 0) return 0;
  struct sigaction children = {.sa_handler = reap, .sa_flags = SA_NOCLDSTOP};
  struct sigaction stop = {.sa_handler = end};
  sigaction(SIGCHLD, &children, NULL);
  sigaction(SIGINT, &stop, NULL);
  sigaction(SIGTERM, &stop, NULL);
  for (;;) pause();
}
