import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import * as tls from "@pulumi/tls";
import type { CertificateAuthority, ControlPlaneSecrets } from "./secrets";
import {
  adminGroup,
  adminValidityHours,
  caUses,
  caValidityHours,
  encryptionKey,
  encryptionSeedLength,
  certificateAuthorities,
  clientUses,
  expiryWarning,
  expiryWarningDays,
  pkiNames,
  type CaName,
} from "./catalogue";

/** EC P-256 throughout: what kubeadm accepts for CAs and leaves, and a tenth of RSA's size in user data. */
const keyArgs = { algorithm: "ECDSA", ecdsaCurve: "P256" };

/**
 * A CA, a key or a token that the running cluster was created with. `protect` refuses its deletion, and no later edit
 * of this program renews it: a CA that is replaced by a diff is a dead cluster. Rotation is a runbook.
 */
const neverReplaced = { protect: true, ignoreChanges: ["*"] };

/**
 * The cluster's certificate authorities, service-account key pair, encryption key, first bootstrap token and admin
 * client certificate. All keys are secret outputs. CAs live ten years, the admin certificate one.
 */
export class Pki extends pulumi.ComponentResource {
  /** Everything that control-plane machines, and nobody else, may hold. Secret. */
  public readonly controlPlaneSecrets: pulumi.Output<ControlPlaneSecrets>;
  public readonly clusterCaCertificatePem: pulumi.Output<string>;
  /** Secret. */
  public readonly bootstrapToken: pulumi.Output<string>;
  /** Client certificate of the group kubeadm:cluster-admins; the key is secret. */
  public readonly admin: {
    readonly certificatePem: pulumi.Output<string>;
    readonly privateKeyPem: pulumi.Output<string>;
  };
  /** End of each certificate's validity, RFC 3339. */
  public readonly expiry: pulumi.Output<Record<string, string>>;
  private readonly names: ReturnType<typeof pkiNames>;

  constructor(clusterName: string, opts?: pulumi.ComponentResourceOptions) {
    super("openstack-kubernetes:pki:Pki", `${clusterName}-pki`, {}, opts);
    this.names = pkiNames(clusterName);
    const cluster = this.certificateAuthority("cluster");
    const etcd = this.certificateAuthority("etcd");
    const frontProxy = this.certificateAuthority("front-proxy");
    const serviceAccount = new tls.PrivateKey(this.names.serviceAccountKey, keyArgs, {
      parent: this,
      ...neverReplaced,
    });
    // Not RandomBytes: its id, which the state keeps in plain text, is the value itself.
    const encryptionSeed = new random.RandomPassword(
      this.names.encryptionKey,
      { length: encryptionSeedLength, special: false },
      { parent: this, ...neverReplaced },
    );

    this.clusterCaCertificatePem = cluster.certificate.certPem;
    this.bootstrapToken = this.token();
    this.controlPlaneSecrets = pulumi.secret(
      pulumi.output({
        clusterCa: cluster.pair,
        etcdCa: etcd.pair,
        frontProxyCa: frontProxy.pair,
        serviceAccount: { publicKeyPem: serviceAccount.publicKeyPem, privateKeyPem: serviceAccount.privateKeyPem },
        encryptionKey: encryptionSeed.result.apply(encryptionKey),
        bootstrapToken: this.bootstrapToken,
      }),
    );

    const admin = this.adminCertificate(cluster);
    this.admin = { certificatePem: admin.certificate.certPem, privateKeyPem: pulumi.secret(admin.key.privateKeyPem) };
    this.expiry = pulumi
      .all({
        "cluster CA": cluster.certificate.validityEndTime,
        "etcd CA": etcd.certificate.validityEndTime,
        "front-proxy CA": frontProxy.certificate.validityEndTime,
        "admin certificate": admin.certificate.validityEndTime,
      })
      .apply((ends) => {
        for (const [name, end] of Object.entries(ends)) {
          const warning = expiryWarning(name, end, new Date());
          if (warning !== undefined) void pulumi.log.warn(warning, this);
        }
        return ends;
      });
    this.registerOutputs({});
  }

  private certificateAuthority(name: CaName): {
    certificate: tls.SelfSignedCert;
    key: tls.PrivateKey;
    pair: pulumi.Output<CertificateAuthority>;
  } {
    const options = { parent: this, ...neverReplaced };
    const key = new tls.PrivateKey(this.names.authorityKey(name), keyArgs, options);
    const certificate = new tls.SelfSignedCert(
      this.names.authority(name),
      {
        privateKeyPem: key.privateKeyPem,
        isCaCertificate: true,
        setSubjectKeyId: true,
        allowedUses: [...caUses],
        subject: { commonName: certificateAuthorities[name].commonName },
        validityPeriodHours: caValidityHours,
      },
      options,
    );
    return {
      certificate,
      key,
      pair: pulumi.output({ certificatePem: certificate.certPem, privateKeyPem: key.privateKeyPem }),
    };
  }

  /**
   * The bootstrap token's value. It opens nothing by itself: the cluster honours it only while its Secret exists
   * (kubernetes/bootstrapToken.ts).
   */
  private token(): pulumi.Output<string> {
    const part = (name: "id" | "secret", length: number) =>
      new random.RandomPassword(
        this.names.bootstrapToken(name),
        { length, special: false, upper: false },
        { parent: this, ignoreChanges: ["*"] },
      ).result;
    return pulumi.secret(pulumi.interpolate`${part("id", 6)}.${part("secret", 16)}`);
  }

  private adminCertificate(ca: { certificate: tls.SelfSignedCert; key: tls.PrivateKey }): {
    certificate: tls.LocallySignedCert;
    key: tls.PrivateKey;
  } {
    const { admin, adminKey, adminRequest } = this.names;
    const key = new tls.PrivateKey(adminKey, keyArgs, { parent: this });
    const request = new tls.CertRequest(
      adminRequest,
      { privateKeyPem: key.privateKeyPem, subject: { commonName: admin, organization: adminGroup } },
      { parent: this },
    );
    const certificate = new tls.LocallySignedCert(
      admin,
      {
        certRequestPem: request.certRequestPem,
        caCertPem: ca.certificate.certPem,
        caPrivateKeyPem: ca.key.privateKeyPem,
        allowedUses: [...clientUses],
        validityPeriodHours: adminValidityHours,
        earlyRenewalHours: expiryWarningDays * 24,
      },
      { parent: this },
    );
    return { certificate, key };
  }
}
