/** Signature Version 4 of S3, as a link that carries its own permission. */
import { createHash, createHmac } from "node:crypto";

/** What opens a bucket. */
export interface BucketAccess {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

interface BucketRequest {
  readonly method: "GET" | "PUT";
  /** Name of the object; "" for the bucket itself. */
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  /** How long the link is good, in seconds. */
  readonly seconds: number;
}

/** Every server of S3 understands it; the bucket is in the path. @param now When it begins to be good. */
export function presignedUrl(
  { endpoint, region, bucket, accessKeyId, secretAccessKey }: BucketAccess,
  { method, key, query = {}, seconds }: BucketRequest,
  now: Date,
): string {
  const url = new URL(endpoint);
  const stamp = now.toISOString().replace(/[-:]|\.\d+/g, "");
  const scope = [stamp.slice(0, 8), region, "s3", "aws4_request"];
  const path = `${url.pathname.replace(/\/$/, "")}/${bucket}${key === "" ? "" : `/${key}`}`
    .split("/")
    .map(encoded)
    .join("/");
  const parameters = Object.entries({
    ...query,
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": [accessKeyId, ...scope].join("/"),
    "X-Amz-Date": stamp,
    "X-Amz-Expires": String(seconds),
    "X-Amz-SignedHeaders": "host",
  })
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join("&");
  const request = [method, path, parameters, `host:${url.host}`, "", "host", "UNSIGNED-PAYLOAD"].join("\n");
  const text = ["AWS4-HMAC-SHA256", stamp, scope.join("/"), sha256(request)].join("\n");
  const signingKey = scope.reduce<string | Buffer>((known, part) => hmac(known, part), `AWS4${secretAccessKey}`);
  return `${url.origin}${path}?${parameters}&X-Amz-Signature=${hmac(signingKey, text).toString("hex")}`;
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();

/** As RFC 3986 has it; encodeURIComponent leaves a few more as they are. */
const encoded = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
