/**
 * Requests of joining machines for a kubelet's client certificate. The bootstrap token stands in user data, so whoever
 * read that may ask for any node's name: `up`, which knows the machines that it creates, approves those names alone
 * (docs/decisions/0002).
 */
import { documentOf, listAll } from "./answers";
import { tokenUser } from "./bootstrapToken";
import type { KubernetesRequest } from "./client";
import { isReady, type Node } from "./nodes";

interface SigningRequest {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly request: string; readonly signerName: string; readonly username: string };
  readonly status?: { readonly conditions?: readonly unknown[] };
}

const path = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
const signerName = "kubernetes.io/kube-apiserver-client-kubelet";

/** Names of machines that may join. */
interface JoinNames {
  /** What is approved. */
  readonly admitted: ReadonlySet<string>;
  /** What stays open: names of the cluster's machines whose node is at work, and may soon be silent. */
  readonly deferred: ReadonlySet<string>;
}

/**
 * Who may join: machines that this run has `created`, and planned ones without a Ready node. An earlier run may have
 * created those and been interrupted, or etcd may have been restored to a time before them.
 */
export function joinNames(planned: readonly string[], created: readonly string[], nodes: readonly Node[]): JoinNames {
  const atWork = new Set(nodes.filter(isReady).map(({ metadata }) => metadata.name));
  const admitted = new Set(planned.filter((name) => created.includes(name) || !atWork.has(name)));
  return { admitted, deferred: new Set(planned.filter((name) => !admitted.has(name))) };
}

/**
 * Approves what admitted machines have asked for with `token`, leaves what is deferred, and denies every other name.
 * Returns a sentence for each denial. Throws a sentence when the API refuses.
 */
export async function answerJoinRequests(
  request: KubernetesRequest,
  token: string,
  names: () => Promise<JoinNames>,
): Promise<string[]> {
  const user = tokenUser(token);
  const open = (
    await listAll<SigningRequest>(
      "a listing of certificate requests",
      `${path}?fieldSelector=spec.signerName%3D${encodeURIComponent(signerName)}`,
      request,
    )
  ).filter(({ spec, status }) => spec.username === user && (status?.conditions ?? []).length === 0);
  if (open.length === 0) return [];
  const { admitted, deferred } = await names();
  const denials: string[] = [];
  for (const asked of open) {
    const { name } = asked.metadata;
    const isOf = (nodes: ReadonlySet<string>) => [...nodes].some((node) => asksFor(asked.spec.request, node));
    const approved = isOf(admitted);
    if (!approved && isOf(deferred)) continue;
    if (!approved)
      denials.push(
        `Certificate request ${name} was denied: somebody with the bootstrap token asked for a name that no machine of this run has.`,
      );
    const condition = {
      type: approved ? "Approved" : "Denied",
      status: "True",
      reason: "PulumiUp",
      message: approved ? "a machine that pulumi up creates" : "no machine that pulumi up creates",
    };
    const answer = await request("PUT", `${path}/${name}/approval`, {
      ...asked,
      status: { ...asked.status, conditions: [condition] },
    });
    // 404, 409: it is gone, or somebody else was faster; the next look shows it.
    if (answer.status !== 404 && answer.status !== 409) documentOf(`an answer to certificate request ${name}`, answer);
  }
  return denials;
}

/** Whether a request (base64 of PEM) is for the node of that name and for nothing else. */
function asksFor(request: string, node: string): boolean {
  const subject = subjectOf(request);
  return subject !== undefined && subject.equals(nodeSubject(node));
}

/** Subject as DER of a PKCS #10 request (RFC 2986); undefined where it is none. */
function subjectOf(request: string): Buffer | undefined {
  const pem = Buffer.from(request, "base64").toString("latin1");
  const body = /-----BEGIN CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE REQUEST-----/.exec(pem)?.[1];
  if (body === undefined) return undefined;
  const whole = contentOf(Buffer.from(body, "base64"), 0x30);
  const info = whole && contentOf(whole.content, 0x30);
  const version = info && contentOf(info.content, 0x02);
  return version && contentOf(version.rest, 0x30)?.whole;
}

interface Element {
  readonly whole: Buffer;
  readonly content: Buffer;
  readonly rest: Buffer;
}

/** The DER element at the beginning of `bytes`; undefined when it has another tag or is cut short. */
function contentOf(bytes: Buffer, tag: number): Element | undefined {
  const [found, first] = bytes;
  if (found !== tag || first === undefined) return undefined;
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  if (lengthBytes > 4 || bytes.length < 2 + lengthBytes) return undefined;
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(2, lengthBytes);
  const start = 2 + lengthBytes;
  const end = start + length;
  if (bytes.length < end) return undefined;
  return { whole: bytes.subarray(0, end), content: bytes.subarray(start, end), rest: bytes.subarray(end) };
}

/** Organisation and common name of a kubelet's certificate, as Go writes them. */
function nodeSubject(node: string): Buffer {
  const attribute = (lastOfOid: number, value: string) => {
    const type = der(0x06, Buffer.from([0x55, 0x04, lastOfOid]));
    return der(0x31, der(0x30, Buffer.concat([type, der(0x13, Buffer.from(value, "latin1"))])));
  };
  return der(0x30, Buffer.concat([attribute(10, "system:nodes"), attribute(3, `system:node:${node}`)]));
}

/** A DER element of at most 64 KiB. */
function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const header =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), content]);
}
