import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, URL } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vitest/config";
import type { Plugin } from "vite";

const source = fileURLToPath(new URL("./src", import.meta.url));
const built = fileURLToPath(new URL("../src/beimingwu/web/static", import.meta.url));

/** Packages that are imported only by some pages, dialogs and workers. */
const LATER = [
  "@noble/hashes/sha2.js",
  "@noble/hashes/utils.js",
  "@tanstack/vue-virtual",
  "@zip.js/zip.js",
  "@zip.js/zip.js/lib/zip-core-reader.js",
  "d3-hierarchy",
  "d3-quadtree",
  "d3-selection",
  "d3-zoom",
  "dompurify",
  "idb",
  "markdown-it",
  "papaparse",
  "reka-ui",
  "tus-js-client",
  "yaml",
];

/** Write `.br` and `.gz` beside each text file, so that the server never compresses. */
function precompressed(): Plugin {
  return {
    name: "precompressed",
    apply: "build",
    writeBundle({ dir = built }) {
      for (const name of readdirSync(dir, { recursive: true, encoding: "utf8" })) {
        const path = join(dir, name);
        if (!/\.(js|css|html|svg|json|csv|txt)$/.test(name) || !statSync(path).isFile()) continue;
        const bytes = readFileSync(path);
        if (bytes.length < 1024) continue;
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
        writeFileSync(
          `${path}.br`,
          brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
        );
      }
    },
  };
}

export default defineConfig({
  plugins: [vue(), tailwindcss(), precompressed()],
  resolve: { alias: { "@": source } },
  define: {
    __VUE_OPTIONS_API__: false,
    __VUE_I18N_LEGACY_API__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
  },
  build: {
    outDir: built,
    emptyOutDir: true,
    // A data: address for a font or a worker would be one more thing to allow in the Content-Security-Policy.
    assetsInlineLimit: 0,
    manifest: true,
    target: "es2023",
  },
  worker: { format: "es" },
  // What pages and workers import later: found while somebody looks at a page, it would load the page anew.
  optimizeDeps: { include: LATER },
  // `npm run dev` beside a running dock (`make run`, or `beimingwu up`).
  server: {
    host: "127.0.0.1",
    // The dock compares the page's origin with the host that it is asked as: that stays the one of this server.
    proxy: {
      "^/(api/|readyz$)": { target: process.env["DOCK"] ?? "http://127.0.0.1:8088", changeOrigin: false },
    },
  },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.ts"],
    restoreMocks: true,
    setupFiles: ["src/test-setup.ts"],
  },
});
