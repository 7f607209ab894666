import type { RouteRecordRaw } from "vue-router";

const routes: RouteRecordRaw[] = [
  {
    path: "/",
    component: () => import("./HomePage.vue"),
    meta: { words: ["pages/home"], title: "home.title" },
  },
];

export default routes;
