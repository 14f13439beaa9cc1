const tseslint = require("typescript-eslint");
const outputs = require("./eslint.outputs.js");
const rooms = require("./eslint.rooms.js");

module.exports = tseslint.config(
  { ignores: ["node_modules", "coverage", ".preview"] },
  {
    files: ["**/*.ts"],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: __dirname } },
    rules: {
      "max-lines": ["error", { max: 300, skipBlankLines: true, skipComments: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-unnecessary-condition": "off",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unnecessary-type-parameters": "off",
    },
  },
  ...rooms,
  outputs,
  { files: ["test/**/*.ts", "lab/**/*.ts"], rules: { "@typescript-eslint/no-non-null-assertion": "off" } },
);
