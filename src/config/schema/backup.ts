/** Backups of etcd off the cluster. */
import { takesEffect } from "../effects";
import { recipientCertificate } from "../recipientCertificate";
import { matching, publicKey, section, url, whole } from "./primitives";

export const backupSchema = section({
  endpoint: url(["https", "http"]).describe("S3 server that keeps the backups, for instance https://s3.example.org."),
  region: matching("region", "must be the name of a region, for instance us-east-1", /^[a-z0-9][-a-z0-9]*$/i)
    .default("us-east-1")
    .describe("Region that requests are signed for."),
  bucket: matching(
    "bucket name",
    'must be 3 to 63 lower-case letters, digits, "-" and ".", and begin and end with a letter or digit',
    /^[a-z0-9][-a-z0-9.]{1,61}[a-z0-9]$/,
  ).describe("Bucket, which must exist."),
  prefix: matching(
    "path",
    'must be names between "/", of letters, digits, "-", "_" and ".", and end with "/"',
    /^([-A-Za-z0-9_.]+\/)*$/,
  )
    .default("")
    .describe("Put before the name of every backup, for instance `etcd/`."),
  intervalHours: whole(1, 168).default(6).describe("Hours between backups."),
  keepDays: whole(1, 3650)
    .optional()
    .describe(
      "Days after which the machines delete a backup of this cluster; the newest stays. Absent: they delete nothing, so the credential may be one that only writes, and a lifecycle rule of the bucket removes old backups.",
    ),
  recipient: publicKey("PEM certificate", recipientCertificate).describe(
    "Certificate that backups are encrypted for, of an RSA key or an EC key. Its private key belongs where no machine of the cluster can read it.",
  ),
})
  .optional()
  .describe(
    "Encrypted backups of etcd in an S3 bucket, docs/how-to/back-up-etcd.md. Absent: snapshots stay on the machines.",
  )
  .meta(
    takesEffect("kubernetes", "The control-plane machines use it within a minute of the next `up`; nothing restarts."),
  );
