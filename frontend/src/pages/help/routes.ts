import type { RouteRecordRaw } from "vue-router";

const words = ["pages/help"];

export default [
  { path: "/help", component: () => import("./HelpPage.vue"), meta: { words, title: "help.title" } },
  {
    path: "/help/guides/:guide",
    component: () => import("./GuidePage.vue"),
    meta: { words, title: "help.guides" },
  },
] satisfies RouteRecordRaw[];
