# Copyright: (c) 2026, the hyperv.replica authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Classes of root/mscluster and root/hypervcluster/v2, which only the nodes of a cluster have.

Sources: Microsoft's pages of the Failover Cluster Provider (MSCluster_Cluster, _Node, _ResourceGroup, _Resource and the
associations) and of the Failover Clustering Hyper-V WMI Provider; the bindings in microsoft/wmi for MSCluster_Resource.
Of MSCluster_Cluster, which has some hundred settings, those that say which cluster it is.
"""

from __future__ import annotations

from typing import Final

from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.catalogue_cim import BASES, Table
from ansible_collections.hyperv.replica.plugins.plugin_utils.simulator.catalogue_replica import REPLICA

MSCLUSTER: Final = "root/mscluster"
HYPERV_CLUSTER: Final = "root/hypervcluster/v2"

_ELEMENT: Final = "Caption:string InstallDate:datetime Status:string Description:string"
_SYSTEM: Final = (
    "CreationClassName:string PrimaryOwnerContact:string PrimaryOwnerName:string Roles:string[] NameFormat:string "
    "OtherIdentifyingInfo:string[] IdentifyingDescriptions:string[] Dedicated:uint16[]"
)

CLUSTER: Final[Table] = {
    "MSCluster_Cluster": (
        "",
        (
            f"{_ELEMENT} {_SYSTEM} MaxNumberOfNodes:uint32 Name:string* Fqdn:string QuorumType:string "
            "ClusterFunctionalLevel:uint32 EnableSharedVolumes:uint32"
        ),
    ),
    "MSCluster_Node": (
        "",
        (
            f"{_ELEMENT} {_SYSTEM} InitialLoadInfo:string[] LastLoadInfo:string Name:string* "
            "PowerManagementCapabilities:uint16[] PowerManagementSupported:boolean PowerState:uint16 "
            "ResetCapability:uint16 NodeWeight:uint32 DynamicWeight:uint32 NodeHighestVersion:uint32 "
            "NodeLowestVersion:uint32 MajorVersion:uint32 MinorVersion:uint32 BuildNumber:uint32 CSDVersion:uint32 "
            "Id:string NodeInstanceID:string NodeDrainStatus:uint32 NodeDrainTarget:uint32 State:uint32 Flags:uint32 "
            "Characteristics:uint32 NeedsPreventQuorum:uint32 FaultDomainId:string StatusInformation:uint32 "
            "FaultDomain:string[] PrivateProperties:object"
        ),
    ),
    "MSCluster_LogicalElement": ("", _ELEMENT),
    "MSCluster_ResourceGroup": (
        "MSCluster_LogicalElement",
        (
            "Flags:uint32 Characteristics:uint32 Name:string* State:uint32 AutoFailbackType:uint32 "
            "FailbackWindowEnd:sint32 FailbackWindowStart:sint32 FailoverPeriod:uint32 FailoverThreshold:uint32 "
            "Id:string PersistentState:boolean AntiAffinityClassNames:string[] PrivateProperties:object "
            "InternalState:string Priority:uint32 DefaultOwner:uint32 CCFEpoch:uint64 ResiliencyPeriod:uint32 "
            "GroupType:uint32 OwnerNode:string IsCore:boolean StatusInformation:uint64 ColdStartSetting:uint32 "
            "PreferredSite:string[]"
        ),
    ),
    "MSCluster_Resource": (
        "MSCluster_LogicalElement",
        (
            "CoreResource:boolean CryptoCheckpoints:string[] DeadlockTimeout:uint32 DeleteRequiresAllNodes:boolean "
            "EmbeddedFailureAction:uint32 Flags:uint32 Characteristics:uint32 Id:string IsAlivePollInterval:uint32 "
            "IsClusterSharedVolume:boolean LastOperationStatusCode:uint64 LocalQuorumCapable:boolean "
            "LooksAlivePollInterval:uint32 MonitorProcessId:uint32 Name:string* OwnerGroup:string OwnerNode:string "
            "PendingTimeout:uint32 PersistentState:boolean PrivateProperties:object QuorumCapable:boolean "
            "RegistryCheckpoints:string[] RequiredDependencyClasses:uint32[] RequiredDependencyTypes:string[] "
            "ResourceClass:uint32 ResourceSpecificData1:uint64 ResourceSpecificData2:uint64 "
            "ResourceSpecificStatus:string RestartAction:uint32 RestartDelay:uint32 RestartPeriod:uint32 "
            "RestartThreshold:uint32 RetryPeriodOnFailure:uint32 SeparateMonitor:boolean State:uint32 "
            "StatusInformation:uint64 Subclass:uint32 Type:string"
        ),
    ),
    "MSCluster_Property": ("", ""),
    # The private properties of a resource are an object of a class that has them; its name stands in no page.
    "MSCluster_Property_VirtualMachine": (
        "MSCluster_Property",
        "VmID:string OfflineAction:uint32 ShutdownAction:uint32 StartMemory:uint32 CheckHeartbeat:boolean",
    ),
    "MSCluster_Property_NetworkName": ("MSCluster_Property", "Name:string DnsName:string"),
    "MSCluster_ClusterToNode": (
        "",
        "StateOfNode:uint16 RoleOfNode:uint16 Antecedent:reference* Dependent:reference*",
    ),
    "MSCluster_ClusterToResourceGroup": ("", "GroupComponent:reference* PartComponent:reference*"),
    "MSCluster_NodeToActiveGroup": ("", "GroupComponent:reference* PartComponent:reference*"),
    "MSCluster_NodeToActiveResource": ("", "GroupComponent:reference* PartComponent:reference*"),
    "MSCluster_ResourceGroupToResource": ("", "GroupComponent:reference* PartComponent:reference*"),
}

#: Msvm_ComputerSystem stands in this namespace too; of the provider's own classes none is played.
CLUSTERED_VMS: Final[Table] = {**BASES, "Msvm_ComputerSystem": REPLICA["Msvm_ComputerSystem"]}
