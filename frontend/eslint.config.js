import js from "@eslint/js";
import vue from "eslint-plugin-vue";
import accessibility from "eslint-plugin-vuejs-accessibility";
import globals from "globals";
import typescript from "typescript-eslint";

/** What reaches other machines, as a name or as a property of `window`, `self` and `globalThis`. */
const NETWORK = [
  "fetch",
  "XMLHttpRequest",
  "EventSource",
  "WebSocket",
  "WebTransport",
  "RTCPeerConnection",
  "navigator",
  "importScripts",
  "Image",
];

export default typescript.config(
  { ignores: ["node_modules", "src/api/schema.d.ts", "e2e/pictures", "test-results"] },
  js.configs.recommended,
  ...typescript.configs.strict,
  ...vue.configs["flat/recommended"],
  ...accessibility.configs["flat/recommended"],
  {
    languageOptions: {
      globals: { ...globals.browser, ...globals.node },
      parserOptions: { parser: typescript.parser, ecmaVersion: "latest", sourceType: "module" },
    },
    rules: {
      "no-undef": "off", // TypeScript does this.
      "max-len": ["error", { code: 120, ignoreUrls: true, ignorePattern: '(class=|d=)"' }],
      "max-lines": ["error", 400],
      eqeqeq: "error",
      "no-console": "error",
      "vue/block-lang": ["error", { script: { lang: "ts" } }],
      "vue/block-order": ["error", { order: ["script", "template", "style"] }],
      "vue/define-props-declaration": "error",
      "vue/no-v-html": "error", // MarkdownText.vue is the one place that may.
      // Prettier shapes templates.
      "vue/html-indent": "off",
      "vue/html-self-closing": "off",
      "vue/max-attributes-per-line": "off",
      "vue/singleline-html-element-content-newline": "off",
      "vue/multiline-html-element-content-newline": "off",
      "vue/html-closing-bracket-newline": "off",
      "vue/require-default-prop": "off", // undefined is the default that the types tell
      // `FieldShell` ties labels to fields by id, and a label is no static element; axe looks at the built pages.
      "vuejs-accessibility/form-control-has-label": "off",
      "vuejs-accessibility/no-static-element-interactions": "off",
      "vuejs-accessibility/label-has-for": ["error", { required: { some: ["nesting", "id"] } }],
    },
  },
  {
    // What reads the user's data can reach no network: the raw file never leaves the machine.
    files: ["src/specification/**", "src/package/**"],
    rules: {
      "no-restricted-globals": ["error", ...NETWORK],
      "no-restricted-syntax": [
        "error",
        {
          selector: `MemberExpression[property.name=/^(${NETWORK.join("|")})$/]`,
          message: "What reads the user's data can reach no network.",
        },
      ],
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            { group: ["@/*", "!@/specification", "!@/package"], message: "Other parts reach the network." },
          ],
        },
      ],
    },
  },
);
