import type { RouteRecordRaw } from "vue-router";
import { requirementReady } from "./useRequirement";

const words = ["pages/search", "specification"];

export default [
  {
    path: "/search",
    component: () => import("./SearchPage.vue"),
    meta: { words, title: "search.title" },
    beforeEnter: () => requirementReady(),
  },
  {
    path: "/search/results",
    component: () => import("./ResultsPage.vue"),
    meta: { words, title: "search.results.title" },
    beforeEnter: () => requirementReady(),
  },
] satisfies RouteRecordRaw[];
