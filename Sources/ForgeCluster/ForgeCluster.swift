// ForgeCluster
