const importX = require("eslint-plugin-import-x");
const tseslint = require("typescript-eslint");

/**
 * Rooms in the order that data flows through the house: a room may import from those before it, never from those after
 * (docs/architecture.md).
 */
const flow = [
  "config",
  "machines",
  "network",
  "pki",
  "bootstrap",
  "engine",
  "openstack",
  "kubernetes",
  "compute",
  "platform",
  "preflight",
  "consequences",
  "sweep",
  "status",
  "promotion",
  "restore",
  "defragment",
  "bundle",
  "up",
  "repair",
  "openshift",
];

/** What concerns imports only, so that it can be tried without the types of the whole program (test/house). */
module.exports = tseslint.config(
  {
    files: ["**/*.ts"],
    plugins: { "import-x": importX },
    languageOptions: { parser: tseslint.parser },
    // Without these no import of a TypeScript file is followed, and no rule about imports ever finds anything.
    settings: {
      "import-x/extensions": [".ts", ".js"],
      "import-x/parsers": { "@typescript-eslint/parser": [".ts"] },
      "import-x/resolver": { node: { extensions: [".ts", ".js", ".json"] } },
    },
    rules: {
      "import-x/no-cycle": "error",
      // What the program and the commands import must be there after `npm ci --omit=dev` too.
      "import-x/no-extraneous-dependencies": ["error", { devDependencies: ["test/**"] }],
    },
  },
  ...flow.slice(0, -1).map((room, index) => ({
    files: [`src/${room}/**/*.ts`],
    rules: {
      "import-x/no-restricted-paths": [
        "error",
        {
          zones: flow.slice(index + 1).map((later) => ({ target: `./src/${room}`, from: `./src/${later}` })),
        },
      ],
    },
  })),
  // Every decision and document is pure: it knows nothing of Pulumi, so it can be tested and read alone.
  {
    files: ["src/**/*.ts"],
    ignores: [
      "src/{cluster,index}.ts",
      "src/config/load.ts",
      "src/network/{apiEndpoint,apiLoadBalancer,network,port,securityGroups}.ts",
      "src/pki/pki.ts",
      "src/engine/**",
      "src/openstack/login.ts",
      "src/compute/**",
      "src/platform/{platform,release}.ts",
      "src/preflight/preflight.ts",
      "src/up/{firstMachine,lostMachines,readiness,repairs,rolling,touchedMachines,watchedSettings}.ts",
    ],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            { group: ["@pulumi/*"], message: "This file is pure: let a component turn its result into resources." },
          ],
        },
      ],
    },
  },
  {
    files: ["src/**"],
    ignores: ["src/{network,compute}/**"],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector: "ImportDeclaration[source.value='@pulumi/openstack']",
          message: "@pulumi/openstack is used in network/ and compute/ only (docs/decisions/0026).",
        },
      ],
    },
  },
);
