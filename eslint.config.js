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
  "up",
];
const zones = flow.map((room, index) => ({
  target: `./src/${room}`,
  from: flow.slice(index + 1).map((later) => `./src/${later}`),
}));

module.exports = tseslint.config(
  { ignores: ["node_modules", "coverage", ".preview"] },
  {
    files: ["**/*.ts"],
    extends: [...tseslint.configs.strictTypeChecked],
    plugins: { "import-x": importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: __dirname } },
    rules: {
      "import-x/no-cycle": "error",
      "max-lines": ["error", { max: 300, skipBlankLines: true, skipComments: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-unnecessary-condition": "off",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unnecessary-type-parameters": "off",
    },
  },
  ...zones.filter(({ from }) => from.length > 0).map(({ target, from }) => boundary(target, from)),
  // Every decision and document is pure: these files know nothing of Pulumi, so they can be tested and read alone.
  {
    files: [
      "src/bootstrap/**/*.ts",
      "src/config/**/*.ts",
      "src/network/{cidr,securityGroupRules,tags}.ts",
      "src/pki/{catalogue,kubeconfig}.ts",
      "src/machines/updatePolicy.ts",
      "src/preflight/preflight/**/*.ts",
      "src/operations/consequences/**/*.ts",
      "src/operations/orphans/**/*.ts",
      "src/operations/sweep/**/*.ts",
      "src/platform/**/*.ts",
    ],
    ignores: ["src/config/load.ts", "src/platform/{platform,release}.ts"],
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
  { files: ["src/**"], ignores: ["src/{network,compute}/**"], rules: { "no-restricted-syntax": openstackOnlyIn() } },
  { files: ["test/**/*.ts", "lab/**/*.ts"], rules: { "@typescript-eslint/no-non-null-assertion": "off" } },
);

function boundary(target, from) {
  return {
    files: [`${target.slice(2)}/**/*.ts`],
    plugins: { "import-x": importX },
    rules: {
      "import-x/no-restricted-paths": [
        "error",
        { zones: from.map((room) => ({ target, from: room, except: exceptions(room) })) },
      ],
    },
  };
}

/** Pure contracts that an earlier room may read from a later one. */
function exceptions(room) {
  return { "./src/network": ["./cidr.ts"], "./src/bootstrap": ["./inputs.ts"] }[room] ?? [];
}

function openstackOnlyIn() {
  return [
    "error",
    {
      selector: "ImportDeclaration[source.value='@pulumi/openstack']",
      message: "@pulumi/openstack is used in network/ and compute/ only (decision 14).",
    },
  ];
}
