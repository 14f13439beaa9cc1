/**
 * What stands on the bare cluster: Git source, OpenStack as Kubernetes sees it, credentials, where charts come from.
 */
import { z } from "zod";
import { ageSecretKeys } from "../ageKeys";
import { takesEffect } from "../effects";
import { pgpKeys } from "../pgpKeys";
import { sshPrivateKey } from "../sshPrivateKey";
import { knownHosts, sshKeyLine } from "../sshPublicKey";
import { octaviaProvider } from "./network";
import {
  certificate,
  choice,
  flag,
  id,
  listOf,
  matching,
  privateKey,
  publicKey,
  secret,
  section,
  text,
  url,
  whole,
} from "./primitives";

const branch = matching(
  "branch",
  "must be the name of a Git branch",
  (value) =>
    /^[A-Za-z0-9][-A-Za-z0-9._/]*$/.test(value) &&
    !value.includes("..") &&
    !value.includes("//") &&
    !/[./]$/.test(value),
);
const repositoryPath = matching(
  "path",
  'must be a folder within the repository such as gitops/clusters/dev, without "..", and "/" only between names',
  (value) =>
    /^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/.test(value.replace(/^\.\//, "")) && !value.split("/").includes(".."),
);
/** Flux substitutes `${NAME}` for names of this form only. */
const settingName = matching(
  "setting name",
  "must be capitals, digits and _, and begin with a capital, for instance LOG_RETENTION_DAYS",
  /^[A-Z][A-Z0-9_]{0,62}$/,
);
const settingValue = matching("text", "must be one line of text", /^[^\r\n]*$/);

const commitSigner = publicKey("public key", {
  ...sshKeyLine,
  name: "an OpenSSH or an armoured PGP public key",
  forms: ["sshPublic", "pgpPublic"],
  problem: (key, form) => (form === "pgpPublic" ? pgpKeys : sshKeyLine).problem(key, form),
});

export const fluxSchema = section({
  url: url(["https", "ssh", "http"]).describe("Git repository that Flux reconciles."),
  branch: branch.default("main").describe("Branch."),
  path: repositoryPath.optional().describe("Folder of this cluster. Absent: `gitops/clusters/<stack>`."),
  commitSigners: listOf(commitSigner)
    .describe(
      "Public keys, of OpenSSH or PGP: Flux takes a commit only if one of them signed it. Empty: every commit of the branch.",
    )
    .meta(
      takesEffect(
        "kubernetes",
        "Flux takes no commit that none of the keys signed, the newest one included; what it applied before stays.",
      ),
    ),
  settings: z
    .record(settingName, settingValue, { error: "must be a map of names to texts" })
    .default({})
    .describe(
      'Sizes and choices of this stack: further entries of the ConfigMap `cluster-settings`, which gitops/ reads as `${NAME}` (docs/gitops.md, "Settings").',
    )
    .meta(
      takesEffect(
        "kubernetes",
        "Flux applies them to the platform; what they configure restarts. Volumes that exist keep their size.",
      ),
    ),
})
  .optional()
  .describe("Git source of the cluster. Absent: no Flux.")
  .meta(
    takesEffect(
      "kubernetes",
      "Flux reconciles from there, and deletes what it applied before and does not find there.",
      "disruptive",
    ),
  );

/** Keys whose address may be http only where `allowPlainHttp` names them. */
export const plainHttpKeys = ["flux.url", "cloudProvider.authUrl", "kubernetes.etcd.backup.endpoint"] as const;

/** The program's own log-in, wherever its address stands: OS_AUTH_URL, clouds.yaml or openstack:authUrl. */
export const plainHttpLogin = "openstack.authUrl";

export const allowPlainHttpSchema = listOf(choice(...plainHttpKeys, plainHttpLogin))
  .describe("Keys whose address may begin with http://, so that everybody on the way can read and alter what passes.")
  .meta(takesEffect("run", "It allows the address to stay and changes nothing itself."));

export const cloudProviderSchema = section({
  authUrl: url(["https", "http"])
    .describe("Keystone, as the cluster reaches it, for instance https://keystone.example.org:5000/v3.")
    .meta(
      takesEffect(
        "kubernetes",
        "The cloud controller and Cinder CSI restart. In another cloud they find no machine and no volume of the cluster, and nodes that are not Ready are deleted.",
        "disruptive",
      ),
    ),
  region: text
    .describe("OpenStack region of the cluster.")
    .meta(
      takesEffect(
        "kubernetes",
        "The cloud controller and Cinder CSI look for machines, volumes and load balancers in the other region: they find none of the cluster's, and nodes that are not Ready are deleted.",
        "destructive",
      ),
    ),
  ca: certificate
    .optional()
    .describe("CA of OpenStack's API. Absent: a public one.")
    .meta(takesEffect("kubernetes", "The cloud controller and Cinder CSI restart.")),
  ignoreVolumeZones: flag
    .default(false)
    .describe(
      "true where Cinder's availability zones are not Nova's: volumes then follow no zone, and pods that use them may run in any.",
    )
    .meta(
      takesEffect("kubernetes", "The cloud controller and Cinder CSI restart; volumes that exist keep their zone."),
    ),
  loadBalancer: section({
    enabled: flag
      .default(true)
      .describe("Services of type LoadBalancer get an Octavia load balancer.")
      .meta(
        takesEffect(
          "kubernetes",
          "The cloud controller and Cinder CSI restart. Switched off, load balancers that exist stay in OpenStack, follow no change of nodes, and nobody deletes them.",
          "disruptive",
        ),
      ),
    provider: octaviaProvider.default("amphora").describe("Octavia provider, for instance amphora or ovn."),
    floatingNetworkId: id
      .optional()
      .describe("External network of their floating IPs. Absent: the only external network there is."),
    internal: flag
      .default(false)
      .describe("No floating IP unless a Service asks for one.")
      .meta(
        takesEffect(
          "kubernetes",
          "The cloud controller and Cinder CSI restart. Services that do not ask for one lose their floating IP, which may go to somebody else, or get one.",
          "destructive",
        ),
      ),
  })
    .prefault({})
    .describe("Load balancers of Services.")
    .meta(
      takesEffect(
        "kubernetes",
        "The cloud controller and Cinder CSI restart. Load balancers that exist stay as they are.",
      ),
    ),
})
  .optional()
  .describe(
    "What Kubernetes asks of OpenStack (cloud controller manager and Cinder CSI). Absent: no load balancers for Services, no volumes, no zones on nodes.",
  )
  .meta(
    takesEffect(
      ["kubernetes", "machine"],
      "The cloud controller and Cinder CSI restart. Nodes that exist register with the cloud only when their machines are replaced.",
    ),
  );

export const credentialsSchema = section({
  openstack: section({
    id: text.describe("Id of the application credential."),
    secret: secret().describe("Its secret."),
  })
    .optional()
    .describe(
      'Application credential of the cloud controller manager and Cinder CSI; what it must be allowed to do stands in docs/platform.md, "Switch it on".',
    ),
  git: section({
    username: text.optional().describe("User name, for https. A GitLab deploy token has one."),
    password: secret().optional().describe("Password or token, for https."),
    privateKey: privateKey(sshPrivateKey).optional().describe("Private key, for ssh."),
    knownHosts: publicKey("known_hosts lines", knownHosts)
      .optional()
      .describe("Host keys of the Git server, for ssh: what `ssh-keyscan` prints. No secret."),
  })
    .optional()
    .describe("Read access to `flux.url`. Absent: the repository is public."),
  etcdBackup: section({
    accessKeyId: text.describe("Access key, no secret by itself."),
    secretAccessKey: secret().describe("Its secret."),
  })
    .optional()
    .describe(
      "S3 credential for `kubernetes.etcd.backup`. It needs to write objects; with `keepDays` to list and delete them too.",
    ),
  sopsAgeKey: privateKey(ageSecretKeys).optional().describe("age key that decrypts the Secrets in Git (sops)."),
})
  .optional()
  .describe("What the platform logs in with. Set each with `pulumi config set --secret --path`.")
  .meta(
    takesEffect(
      "kubernetes",
      "The Secrets in the cluster change; what reads them uses the new value after its next restart or reconciliation.",
    ),
  );

export const platformSchema = section({
  chartRegistry: url(["oci"], { askedByUp: true })
    .optional()
    .describe(
      "Your own OCI registry that holds all charts, of Pulumi and of gitops/, under their upstream names, for instance oci://registry.example.org/charts; `npm run images` fills it. An entry of `flux.settings` goes before it. Absent: upstream's.",
    ),
  timeoutMinutes: whole(1, 120)
    .default(15)
    .describe("How long `up` waits for one release, in minutes; the first images are pulled in this time.")
    .meta(
      takesEffect(
        "kubernetes",
        "How long this and later runs wait; the releases are written again with it, and nothing restarts.",
      ),
    ),
})
  .prefault({})
  .describe("How the bootstrap releases are installed.")
  .meta(takesEffect("kubernetes", "The releases are upgraded in place: their pods may restart."));
