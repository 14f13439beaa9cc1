/**
 * An identity provider for the lab: configuration for the cluster, a running issuer, and tokens that it could have
 * issued.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { createSign } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { networkNamespace, runFolder, siteAddress } from "../../../lab/machines/site";

const port = 8443;
const issuerUrl = `https://issuer.site.lab:${port}`;
const clientId = "kubernetes";

/** A key pair with a certificate of its own, kept in the run folder. */
export class LabIssuer {
  private readonly keyFile = join(runFolder, "issuer.key");
  private readonly certificateFile = join(runFolder, "issuer.crt");

  constructor() {
    mkdirSync(runFolder, { recursive: true, mode: 0o700 });
    const names = ["-subj", "/CN=issuer.site.lab", "-addext", "subjectAltName=DNS:issuer.site.lab"];
    execFileSync(
      "openssl",
      [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-noenc",
        "-days",
        "2",
        ...names,
        "-keyout",
        this.keyFile,
        "-out",
        this.certificateFile,
      ],
      {
        stdio: "ignore",
      },
    );
  }

  /** The `oidc` section of a stack's configuration. */
  configuration(): Record<string, string> {
    return { issuerUrl, clientId, ca: readFileSync(this.certificateFile, "utf8") };
  }

  start(): ChildProcess {
    const root = resolve(__dirname, "../../..");
    const words = [
      "-r",
      join(root, "scripts/typescript.js"),
      join(__dirname, "issuer.ts"),
      siteAddress,
      String(port),
      issuerUrl,
      this.certificateFile,
      this.keyFile,
    ];
    return spawn("nsenter", [`--net=/run/netns/${networkNamespace}`, process.execPath, ...words], {
      stdio: ["ignore", "ignore", "inherit"],
    });
  }

  /** An ID token for a person of the given groups, good for an hour. */
  token(subject: string, groups: readonly string[]): string {
    const now = Math.floor(Date.now() / 1000);
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const claims = { iss: issuerUrl, aud: clientId, sub: subject, groups, iat: now, exp: now + 3600 };
    const signed = `${encode({ alg: "RS256", kid: "lab", typ: "JWT" })}.${encode(claims)}`;
    return `${signed}.${createSign("RSA-SHA256").update(signed).sign(readFileSync(this.keyFile)).toString("base64url")}`;
  }
}
