import type { RouteRecordRaw } from "vue-router";

const words = [
  "pages/submit",
  "learnware/editor",
  "learnware/verification",
  "upload",
  "package",
  "specification",
];

export default [
  {
    path: "/submit",
    component: () => import("./SubmitPage.vue"),
    meta: { words, title: "submit.title", needs: "account" },
  },
  {
    path: "/submit/:learnwareId(\\d+)/:version(\\d+)",
    component: () => import("./SubmittedPage.vue"),
    meta: { words, title: "submit.verification", needs: "account" },
  },
] satisfies RouteRecordRaw[];
