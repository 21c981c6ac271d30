package main

import (
	"context"
	"fmt"
	"time"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

// seed000 sends one order to order_topic and receives it with a push consumer, both in the groups that text
// names.
func seed000(o options) error {
	p, err := rocketmq.NewProducer(
		producer.WithGroupName("order_producer_group"),
		producer.WithNameServer(o.nameServers()),
	)
	if err != nil {
		return err
	}
	if err := sendOne(p, "order_topic", "Order Created: 1001"); err != nil {
		return err
	}
	c, err := rocketmq.NewPushConsumer(
		consumer.WithGroupName("order_consumer_group"),
		consumer.WithNameServer(o.nameServers()),
	)
	if err != nil {
		return err
	}
	return receiveOne(c, "order_topic", o.deadline())
}

// seed001 sends one greeting to the topic test and receives it from the first offset. As in the text its
// producer names no group: version 2 of the client then takes DEFAULT_PRODUCER, once per process.
func seed001(o options) error {
	p, err := rocketmq.NewProducer(
		producer.WithNameServer(o.nameServers()),
		producer.WithRetry(2),
	)
	if err != nil {
		return err
	}
	if err := sendOne(p, "test", "Hello RocketMQ!"); err != nil {
		return err
	}
	c, err := rocketmq.NewPushConsumer(
		consumer.WithNameServer(o.nameServers()),
		consumer.WithGroupName("testGroup"),
		consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset),
	)
	if err != nil {
		return err
	}
	return receiveOne(c, "test", o.deadline())
}

func sendOne(p rocketmq.Producer, topic, text string) error {
	if err := p.Start(); err != nil {
		return err
	}
	result, err := p.SendSync(context.Background(), primitive.NewMessage(topic, []byte(text)))
	if err != nil {
		return err
	}
	emitSent(0, result)
	return p.Shutdown()
}

func receiveOne(c rocketmq.PushConsumer, topic string, deadline time.Duration) error {
	received := make(chan struct{}, 64)
	listen := func(_ context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		for _, message := range messages {
			emitReceived(message)
			received <- struct{}{}
		}
		return consumer.ConsumeSuccess, nil
	}
	if err := c.Subscribe(topic, consumer.MessageSelector{}, listen); err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	select {
	case <-received:
	case <-time.After(deadline):
		return fmt.Errorf("no message of %s came", topic)
	}
	if err := c.Shutdown(); err != nil {
		return err
	}
	emit(line{"event": "done"})
	return nil
}
