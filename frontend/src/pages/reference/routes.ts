import type { RouteRecordRaw } from "vue-router";

const words = ["pages/reference"];

const routes: RouteRecordRaw[] = [
  {
    path: "/api-reference",
    component: () => import("./ReferenceFrame.vue"),
    meta: { words },
    children: [
      { path: "", component: () => import("./OverviewPage.vue"), meta: { title: "reference.title" } },
      {
        path: ":name",
        component: () => import("./OperationPage.vue"),
        meta: { title: "reference.title" },
        props: true,
      },
    ],
  },
];

export default routes;
