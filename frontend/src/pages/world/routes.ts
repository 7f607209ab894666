import type { RouteRecordRaw } from "vue-router";

export default [
  {
    path: "/world",
    component: () => import("./WorldPage.vue"),
    meta: { words: ["pages/world"], title: "world.title" },
  },
] satisfies RouteRecordRaw[];
