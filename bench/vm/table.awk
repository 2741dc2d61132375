# Lines "ROW|WAY|INSTRUCTIONS" to a table.
NF == 3 { if (!($1 in seen)) rows[++count] = $1; seen[$1] = 1; cost[$1, $2] = $3; ways[$1] = ways[$1] " " $2 }

function beside(row, way) {
  return (row, way) in cost ? sprintf("%8d %5.2f", cost[row, way], cost[row, way] / cost[row, "ip_vs"]) : ""
}

END {
  for (i = 1; i <= count; i++)
    if (!((rows[i], "ip_vs") in cost)) {
      split(ways[rows[i]], each, " ")
      for (j = 1; j in each; j++) printf "%-26s %6d\n", rows[i] ", " each[j], cost[rows[i], each[j]]
    }
  printf "\n%-26s %6s %14s %14s\n", "instructions per packet", "ip_vs", "Ballast XDP", "Ballast TC"
  for (i = 1; i <= count; i++)
    if ((rows[i], "ip_vs") in cost)
      printf "%-26s %6d %14s %14s\n", rows[i], cost[rows[i], "ip_vs"], beside(rows[i], "xdp"), beside(rows[i], "tc")
}
