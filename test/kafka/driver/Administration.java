import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.FenceProducersOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.quota.ClientQuotaFilter;

/** One call of Java's admin client after the other. Each answers a text, or the class of its error; without what is new every time. */
class Administration {
  private interface Call {
    Object answer() throws Exception;
  }

  private final ObjectNode answers = Driver.JSON.createObjectNode();

  static JsonNode run(Admin admin, String topic) {
    Administration all = new Administration();
    all.topics(admin, topic);
    all.cluster(admin);
    all.groups(admin, topic);
    all.refused(admin);
    return all.answers;
  }

  private void call(String name, Call call) {
    String answer;
    try {
      answer = String.valueOf(call.answer());
    } catch (Exception thrown) {
      Throwable cause = thrown instanceof ExecutionException ? thrown.getCause() : thrown;
      answer = cause.getClass().getSimpleName();
    }
    answers.put(name, answer);
  }

  private void topics(Admin admin, String topic) {
    TopicPartition place = new TopicPartition(topic, 0);
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    call("createTopics", () -> {
      var created = admin.createTopics(List.of(new NewTopic(topic, 2, (short) 1).configs(Map.of("retention.ms", "7000"))));
      return created.numPartitions(topic).get() + " " + created.replicationFactor(topic).get() + " " + created.config(topic).get().get("retention.ms").value();
    });
    call("createTopics of the broker's numbers", () -> {
      var created = admin.createTopics(List.of(new NewTopic(topic + "-usual", Optional.empty(), Optional.empty())));
      return created.numPartitions(topic + "-usual").get() + " " + created.replicationFactor(topic + "-usual").get();
    });
    call("createPartitions", () -> admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(3))).all().get());
    call("describeTopics", () -> {
      var one = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic);
      var same = admin.describeTopics(org.apache.kafka.common.TopicCollection.ofTopicIds(List.of(one.topicId()))).allTopicIds().get().get(one.topicId());
      return one.partitions().size() + " " + one.isInternal() + " " + one.equals(same);
    });
    call("listTopics", () -> new TreeSet<>(admin.listTopics().names().get()).contains(topic));
    call("incrementalAlterConfigs", () -> admin.incrementalAlterConfigs(Map.of(resource, List.of(
        new AlterConfigOp(new ConfigEntry("cleanup.policy", "compact"), AlterConfigOp.OpType.APPEND),
        new AlterConfigOp(new ConfigEntry("retention.ms", ""), AlterConfigOp.OpType.DELETE)))).all().get());
    call("describeConfigs", () -> admin.describeConfigs(List.of(resource)).all().get().get(resource).get("cleanup.policy"));
    call("listOffsets", () -> admin.listOffsets(Map.of(place, OffsetSpec.latest())).partitionResult(place).get().offset());
    call("listOffsets of no record", () -> admin.listOffsets(Map.of(place, OffsetSpec.maxTimestamp())).partitionResult(place).get().offset());
    call("deleteRecords", () -> admin.deleteRecords(Map.of(place, RecordsToDelete.beforeOffset(0))).lowWatermarks().get(place).get().lowWatermark());
    call("deleteRecords beyond the end", () -> admin.deleteRecords(Map.of(place, RecordsToDelete.beforeOffset(9))).all().get());
    call("describeLogDirs", () -> admin.describeLogDirs(List.of(1)).allDescriptions().get().get(1).values().iterator().next().replicaInfos().get(place).size());
    call("describeReplicaLogDirs", () -> admin.describeReplicaLogDirs(List.of(new org.apache.kafka.common.TopicPartitionReplica(topic, 0, 1))).all().get().size());
    call("describeProducers", () -> admin.describeProducers(List.of(place)).all().get().get(place).activeProducers());
    call("electLeaders", () -> admin.electLeaders(ElectionType.PREFERRED, Set.of(place)).partitions().get().get(place).map(error -> error.getClass().getSimpleName()));
    call("listPartitionReassignments", () -> admin.listPartitionReassignments().reassignments().get());
    call("deleteTopics", () -> admin.deleteTopics(List.of(topic + "-usual")).all().get());
  }

  private void cluster(Admin admin) {
    call("describeCluster", () -> {
      var described = admin.describeCluster();
      return described.nodes().get().size() + " " + described.controller().get().id() + " " + described.authorizedOperations().get();
    });
    call("describeFeatures", () -> admin.describeFeatures().featureMetadata().get().finalizedFeatures().get("transaction.version"));
    call("describeMetadataQuorum", () -> admin.describeMetadataQuorum().quorumInfo().get().leaderId());
    call("describeClientQuotas", () -> admin.describeClientQuotas(ClientQuotaFilter.all()).entities().get());
    call("describeUserScramCredentials", () -> admin.describeUserScramCredentials().all().get());
    call("listConfigResources", () -> admin.listConfigResources(Set.of(ConfigResource.Type.CLIENT_METRICS), new org.apache.kafka.clients.admin.ListConfigResourcesOptions()).all().get());
    call("describeDelegationToken", () -> admin.describeDelegationToken().delegationTokens().get());
  }

  private void groups(Admin admin, String topic) {
    TopicPartition place = new TopicPartition(topic, 0);
    String group = topic + "-group";
    call("alterConsumerGroupOffsets", () -> admin.alterConsumerGroupOffsets(group, Map.of(place, new OffsetAndMetadata(7, "said with it"))).all().get());
    call("listConsumerGroupOffsets", () -> admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().toString().replace(topic, "T"));
    call("listGroups", () -> admin.listGroups().all().get().stream().filter(one -> one.groupId().equals(group)).map(one -> one.toString().replace(topic, "T")).toList());
    call("describeConsumerGroups", () -> {
      var one = admin.describeConsumerGroups(List.of(group)).all().get().get(group);
      return one.groupState() + " " + one.type() + " " + one.isSimpleConsumerGroup() + " " + one.members();
    });
    call("describeClassicGroups", () -> admin.describeClassicGroups(List.of(group)).all().get().get(group).state());
    call("removeMembersFromConsumerGroup", () -> admin.removeMembersFromConsumerGroup(group, new RemoveMembersFromConsumerGroupOptions()).all().get());
    call("deleteConsumerGroupOffsets", () -> admin.deleteConsumerGroupOffsets(group, Set.of(place)).all().get());
    call("deleteConsumerGroups", () -> admin.deleteConsumerGroups(List.of(group)).all().get());
    call("deleteConsumerGroups again", () -> admin.deleteConsumerGroups(List.of(group)).all().get());
    call("fenceProducers", () -> admin.fenceProducers(List.of(topic + "-fenced"), new FenceProducersOptions()).epochId(topic + "-fenced").get());
    call("describeTransactions", () -> admin.describeTransactions(List.of(topic + "-fenced")).description(topic + "-fenced").get().state());
    call("listTransactions", () -> admin.listTransactions().all().get().stream().filter(one -> one.transactionalId().equals(topic + "-fenced")).map(one -> one.state()).toList());
  }

  private void refused(Admin admin) {
    call("describeAcls", () -> admin.describeAcls(org.apache.kafka.common.acl.AclBindingFilter.ANY).values().get());
    call("createTopics twice", () -> admin.createTopics(List.of(new NewTopic("a/b", 1, (short) 1))).all().get());
    call("describeTopics of none", () -> admin.describeTopics(List.of("no-such-topic")).allTopicNames().get());
    call("deleteTopics of none", () -> admin.deleteTopics(List.of("no-such-topic")).all().get());
    call("describeConsumerGroups of none", () -> admin.describeConsumerGroups(List.of("no-such-group")).all().get());
    call("describeTransactions of none", () -> admin.describeTransactions(List.of("no-such-id")).all().get());
    call("describeConfigs of none", () -> admin.describeConfigs(List.of(new ConfigResource(ConfigResource.Type.TOPIC, "no-such-topic"))).all().get());
    call("unregisterBroker", () -> admin.unregisterBroker(7).all().get());
  }
}
