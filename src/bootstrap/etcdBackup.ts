/** Backups of etcd, as a Secret of the cluster: only control-plane machines may read it (docs/decisions/0053). */
import type { ClusterConfig } from "../config/clusterConfig";
import { recipientKeyType } from "../config/recipientCertificate";
import { filesSecretPrefix } from "./filesInPlace";
import { scriptFile } from "./machineFile";

/** Within the guard of files that `up` alone may write: machines run what it holds. */
export const backupSecretName = `${filesSecretPrefix}backup`;

/** Hours after which the last backup is too old: a second one did not come either, and had an hour to arrive. */
export function backupLateHours(intervalHours: number): number {
  return 2 * intervalHours + 1;
}

/** What `npm run restore` orders is in this one. */
export const restoreSecretName = `${filesSecretPrefix}restore`;

export function restoreProgram(): string {
  return scriptFile("restore-etcd.py").content;
}

/** The program and its settings, credential included; undefined where the configuration wants no backups. */
export function renderEtcdBackup({
  clusterName,
  kubernetes: { etcd },
  credentials,
}: ClusterConfig): Readonly<Record<string, string>> | undefined {
  const { backup } = etcd;
  if (backup === undefined || credentials?.etcdBackup === undefined) return undefined;
  const recipient = backup.recipient.trim();
  return {
    program: scriptFile("backup-etcd.py").content,
    "settings.json": JSON.stringify({
      ...backup,
      ...credentials.etcdBackup,
      cluster: clusterName,
      recipient,
      // PKCS #1 v1.5, OpenSSL's default for RSA, is open to padding oracles.
      keyOptions: recipientKeyType(recipient) === "rsa" ? ["-keyopt", "rsa_padding_mode:oaep"] : [],
    }),
  };
}
