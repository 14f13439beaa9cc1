const swc = {
  "^.+\\.[jt]s$": [
    "@swc/jest",
    { jsc: { parser: { syntax: "typescript" }, target: "es2022" }, module: { type: "commonjs" } },
  ],
};

/** A project per depth of proof; what a depth proves stands in docs/testing.md. */
const project = (displayName, testMatch, extra = {}) => ({
  displayName,
  testMatch,
  transform: swc,
  transformIgnorePatterns: ["/node_modules/"],
  testEnvironment: "node",
  ...extra,
});

module.exports = {
  projects: [
    project("simulation", ["<rootDir>/test/**/*.test.ts"], {
      testPathIgnorePatterns: ["/node_modules/", "\.(tools|gitops|engine|lab)\.test\.ts$"],
    }),
    ...["tools", "gitops", "engine", "lab"].map((depth) => project(depth, [`<rootDir>/test/**/*.${depth}.test.ts`])),
  ],
  // Seconds are generous: what is slow on a busy machine is not wrong.
  testTimeout: 60_000,
  reporters: ["default", "<rootDir>/test/closingLine.js"],
};
