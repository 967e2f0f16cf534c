import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: [
      "lib/**/*.test.ts",
      "functions/**/*.test.ts",
      "cli/**/*.test.ts",
      "ui/**/*.test.ts",
      "infra/**/*.test.ts",
      "operations/**/*.test.ts",
      "test/**/*.test.ts",
    ],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: availableParallelism(), // one less by itself, though many tests only wait for processes of theirs
  },
});
