package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// readPlan reads the harness's tab-separated messages: topic, tag, keys, sharding key, delay level, base64
// body, then base64 property names and values. Plan.java reads the same file.
func readPlan(file string) ([]*primitive.Message, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var messages []*primitive.Message
	for _, row := range strings.Split(strings.TrimSuffix(string(content), "\n"), "\n") {
		message, err := planned(strings.Split(row, "\t"))
		if err != nil {
			return nil, fmt.Errorf("%s row %d: %w", file, len(messages), err)
		}
		messages = append(messages, message)
	}
	return messages, nil
}

func planned(column []string) (*primitive.Message, error) {
	body, err := base64.StdEncoding.DecodeString(column[5])
	if err != nil {
		return nil, err
	}
	message := primitive.NewMessage(column[0], body)
	if column[1] != "" {
		message.WithTag(column[1])
	}
	if column[2] != "" {
		message.WithKeys(strings.Split(column[2], " "))
	}
	if column[3] != "" {
		message.WithShardingKey(column[3])
	}
	if column[4] != "" {
		level, err := strconv.Atoi(column[4])
		if err != nil {
			return nil, err
		}
		message.WithDelayTimeLevel(level)
	}
	for i := 6; i+1 < len(column); i += 2 {
		name, nameError := base64.StdEncoding.DecodeString(column[i])
		value, valueError := base64.StdEncoding.DecodeString(column[i+1])
		if nameError != nil || valueError != nil {
			return nil, fmt.Errorf("bad base64 in property %d", i)
		}
		message.WithProperty(string(name), string(value))
	}
	return message, nil
}
